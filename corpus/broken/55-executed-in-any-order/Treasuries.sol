// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @notice Ether and tokens of the DAO, and grants in one of the tokens that their recipients claim.
abstract contract Treasury is Ownable {
    using SafeERC20 for IERC20;

    /// @notice What grants are paid in.
    IERC20 public immutable CURRENCY;
    mapping(address recipient => uint256) public grants;

    event Awarded(address indexed recipient, uint256 amount);
    event Claimed(address indexed recipient, uint256 amount);
    event Received(address indexed from, uint256 amount);

    constructor(IERC20 currency, address owner) Ownable(owner) {
        CURRENCY = currency;
    }

    receive() external payable {
        emit Received(msg.sender, msg.value);
    }

    function award(address recipient, uint256 amount) external onlyOwner {
        grants[recipient] += amount;
        emit Awarded(recipient, amount);
    }

    /// @notice Pays the caller its grant. Again does nothing.
    function claim() public virtual {
        uint256 amount = grants[msg.sender];
        if (amount == 0) return;
        grants[msg.sender] = 0;
        emit Claimed(msg.sender, amount);
        CURRENCY.safeTransfer(msg.sender, amount);
    }
}

contract OldTreasury is Treasury {
    using SafeERC20 for IERC20;

    bool public frozen;

    event Frozen();
    event Swept(address indexed to);
    event Cancelled(address indexed recipient, uint256 amount);

    error IsFrozen();
    error IsNotFrozen();

    modifier whenFrozen() {
        require(frozen, IsNotFrozen());
        _;
    }

    constructor(IERC20 currency, address owner) Treasury(currency, owner) {}

    /// @notice Nothing is claimed here from here on.
    function freeze() external onlyOwner {
        frozen = true;
        emit Frozen();
    }

    /// @notice Sends all ether and all of the `assets` to `to`.
    function sweep(IERC20[] calldata assets, address payable to) external onlyOwner whenFrozen {
        emit Swept(to);
        for (uint256 i = 0; i < assets.length; i++) {
            assets[i].safeTransfer(to, assets[i].balanceOf(address(this)));
        }
        Address.sendValue(to, address(this).balance);
    }

    /// @notice Strikes grants out that are recorded elsewhere.
    function cancelGrants(address[] calldata recipients) external onlyOwner whenFrozen {
        for (uint256 i = 0; i < recipients.length; i++) {
            emit Cancelled(recipients[i], grants[recipients[i]]);
            grants[recipients[i]] = 0;
        }
    }

    function claim() public override {
        require(!frozen, IsFrozen());
        super.claim();
    }
}

contract NewTreasury is Treasury {
    using SafeERC20 for IERC20;

    OldTreasury public immutable OLD;
    mapping(address recipient => bool) public imported;

    event Imported(address indexed recipient, uint256 amount);

    error OldNotFrozen();

    constructor(OldTreasury old, address owner) Treasury(old.CURRENCY(), owner) {
        OLD = old;
    }

    /// @notice Records grants as the old treasury has them, each once. It must be frozen.
    function importGrants(address[] calldata recipients) external onlyOwner {
        require(OLD.frozen(), OldNotFrozen());
        for (uint256 i = 0; i < recipients.length; i++) {
            address recipient = recipients[i];
            if (imported[recipient]) continue;
            imported[recipient] = true;
            uint256 amount = OLD.grants(recipient);
            grants[recipient] += amount;
            emit Imported(recipient, amount);
        }
    }

    /// @notice Spends a token, or ether if `asset` is zero.
    function spend(IERC20 asset, address to, uint256 amount) external onlyOwner {
        if (address(asset) == address(0)) return Address.sendValue(payable(to), amount);
        asset.safeTransfer(to, amount);
    }
}
