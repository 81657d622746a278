// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {CoverPool, Position} from "./CoverPool.sol";

contract OldPool is CoverPool {
    using SafeERC20 for IERC20;

    address public successor;

    event Retired(address successor);
    event HandedOver(uint256 indexed policy, address indexed underwriter, uint256 amount);

    error AlreadyRetired(address successor);
    error NotTheSuccessor(address caller);

    constructor(IERC20 asset, address owner) CoverPool(asset, owner) {}

    /// @notice No new stakes from here on; unstaking goes on. Again does nothing.
    function retire(address next) external onlyOwner {
        if (successor == next) return;
        require(successor == address(0), AlreadyRetired(successor));
        successor = next;
        emit Retired(next);
    }

    function stake(uint256 policy, uint256 amount) public override {
        require(successor == address(0), AlreadyRetired(successor));
        super.stake(policy, amount);
    }

    /// @notice Strikes a stake out and sends it to the successor, which credits it in the same transaction.
    function handOver(uint256 policy, address underwriter) external returns (uint256 amount) {
        require(msg.sender == successor, NotTheSuccessor(msg.sender));
        amount = stakes[policy][underwriter];
        if (amount == 0) return 0;
        _debit(policy, underwriter, amount);
        emit HandedOver(policy, underwriter, amount);
        ASSET.safeTransfer(successor, amount);
    }
}

contract NewPool is CoverPool {
    OldPool public immutable OLD;

    event Imported(uint256 indexed policy, address indexed underwriter, uint256 amount);

    constructor(OldPool old, address owner) CoverPool(old.ASSET(), owner) {
        OLD = old;
    }

    /// @notice Moves stakes over. Those that were moved, or unstaked meanwhile, are passed over.
    function importBatch(Position[] calldata positions) external onlyOwner {
        for (uint256 i = 0; i < positions.length; i++) {
            _import(positions[i].policy, positions[i].underwriter);
        }
    }

    /// @notice Moves a stake of the caller's, for those who do not wait for their batch.
    function importMine(uint256 policy) external {
        _import(policy, msg.sender);
    }

    /// @dev On top of what the underwriter may have staked here on its own.
    function _import(uint256 policy, address underwriter) private {
        uint256 amount = OLD.handOver(policy, underwriter);
        if (amount == 0) return;
        _credit(policy, underwriter, amount);
        emit Imported(policy, underwriter, amount);
    }
}
